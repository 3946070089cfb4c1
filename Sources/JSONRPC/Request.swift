package import JSON

/// A valid request object of JSON-RPC 2.0 (https://www.jsonrpc.org/specification, section 4).
package struct Request: Sendable {
    /// `nil` makes it a notification, which is never answered. `"id": null` is an id.
    package let id: RequestID?
    package let method: String
    /// An object, an array, or `nil` when left out; `"params": null` counts as left out.
    package let params: JSONValue?

    package init(id: RequestID?, method: String, params: JSONValue?) {
        self.id = id
        self.method = method
        self.params = params
    }
}
