package import JSON

/// One object that came from the host, by what has to be done with it.
package enum Message: Sendable {
    case call(Request)
    /// Not a request: answered with this error, also when it has no id, because only a valid request can be a
    /// notification. The specification's section 7 answers `{"jsonrpc":"2.0","method":1,"params":"bar"}`.
    case invalid(id: RequestID, error: ErrorObject)
    /// An answer. This process asks nothing, so it is dropped; to answer it could begin an endless exchange.
    case response

    /// Members that the specification does not name are ignored.
    package init(_ value: JSONValue) {
        guard case .object(let object) = value else {
            self = .invalid(id: .null, error: .invalidRequest("a request must be an object"))
            return
        }
        guard !object.isResponse else {
            self = .response
            return
        }
        let id = object["id"].map(RequestID.init)
        if let id {
            guard let id else {
                self = .invalid(id: .null, error: .invalidRequest("id must be a string, a number or null"))
                return
            }
            guard id.length <= RequestID.maximumLength else {
                let details: JSONObject = ["limit": .number(JSONNumber(RequestID.maximumLength))]
                self = .invalid(id: .null, error: .invalidRequest("id is too long", details: details))
                return
            }
        }
        do {
            self = .call(try Request(id: id.flatMap(\.self), object))
        } catch {
            self = .invalid(id: id.flatMap(\.self) ?? .null, error: error)
        }
    }
}

extension JSONObject {
    /// Section 5. What only resembles a response is an invalid request: whoever sent it waits for something, and should
    /// hear what is wrong. That can't begin an endless exchange, since the answer is a whole response.
    fileprivate var isResponse: Bool {
        guard self["method"] == nil, case .string(let version)? = self["jsonrpc"], sameCodePoints(version, "2.0"),
            let id = self["id"], RequestID(id) != nil
        else { return false }
        switch (self["result"], self["error"]) {
        case (_?, nil), (nil, .object?): return true
        default: return false
        }
    }
}

extension Request {
    /// Reads everything but the id.
    fileprivate init(id: RequestID?, _ object: JSONObject) throws(ErrorObject) {
        guard case .string(let version) = object["jsonrpc"], sameCodePoints(version, "2.0") else {
            throw .invalidRequest("jsonrpc must be \"2.0\"")
        }
        guard case .string(let method) = object["method"] else { throw .invalidRequest("method must be a string") }
        switch object["params"] {
        case nil, .null: self.init(id: id, method: method, params: nil)
        case .object?, .array?: self.init(id: id, method: method, params: object["params"])
        default: throw .invalidRequest("params must be an object or an array")
        }
    }
}
