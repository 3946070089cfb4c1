import JSON
import JSONRPC
import Testing

@Suite("Messages to the host") struct ResponseTests {
    private func text(_ line: [UInt8]) -> String { String(decoding: line, as: UTF8.self) }

    @Test("Each message is one line with its members in order")
    func lines() {
        #expect(
            text(Response.result(.number("1"), ["a": "\n\u{2028}"]))
                == #"{"jsonrpc":"2.0","id":1,"result":{"a":"\n\u2028"}}"#)
        #expect(text(Response.result(.string("a\n"), .null)) == #"{"jsonrpc":"2.0","id":"a\n","result":null}"#)
        #expect(
            text(Response.error(.null, .invalidRequest("why")))
                == #"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid Request","#
                + #""data":{"type":"invalid_request","retryable":false,"reason":"why"}}}"#)
        #expect(
            text(Response.notification("$/progress", ["token": 1]))
                == #"{"jsonrpc":"2.0","method":"$/progress","params":{"token":1}}"#)
    }

    @Test("The answers to a batch are one array, and nothing when there are none")
    func batches() {
        let one = Response.result(.number("1"), 1)
        let two = Response.result(.number("2"), 2)
        #expect(Response.batch([]) == nil)
        #expect(text(Response.batch([one]) ?? []) == #"[{"jsonrpc":"2.0","id":1,"result":1}]"#)
        #expect(
            text(Response.batch([two, one]) ?? [])
                == #"[{"jsonrpc":"2.0","id":2,"result":2},{"jsonrpc":"2.0","id":1,"result":1}]"#)
    }

    @Test(
        "The standard errors have the code and the message of the specification's table",
        arguments: [
            (.parseError(JSONSyntaxError(offset: 3, reason: "why")), -32700, "Parse error", "parse_error"),
            (.invalidRequest("why"), -32600, "Invalid Request", "invalid_request"),
            (.methodNotFound("x"), -32601, "Method not found", "method_not_found"),
            (.invalidParams(["violations": []]), -32602, "Invalid params", "invalid_params"),
            (.internalError(["errorId": "e1"]), -32603, "Internal error", "internal_error"),
        ] as [(ErrorObject, Int, String, String)])
    func standardErrors(error: ErrorObject, code: Int, message: String, type: String) {
        #expect(error.code == code)
        #expect(error.message == message)
        #expect(error.data.members.prefix(2).map(\.name) == ["type", "retryable"])
        #expect(error.data["type"] == .string(type))
        #expect(error.data["retryable"] == false)
        #expect(error.json["code"] == .number(JSONNumber(code)))
        #expect(error.json["data"] == .object(error.data))
    }

    @Test("Further members of an error's data follow its type")
    func details() {
        #expect(ErrorObject.invalidParams(["violations": []]).data["violations"] == [])
        #expect(ErrorObject.internalError(["errorId": "e1"]).data["errorId"] == "e1")
        let busy = ErrorObject(code: -32012, message: "Busy", type: "stripe_rate_limited", retryable: true)
        #expect(busy.data == ["type": "stripe_rate_limited", "retryable": true])
    }

    @Test("An unknown method is quoted up to 80 code points, with what was probably meant")
    func unknownMethod() {
        #expect(ErrorObject.methodNotFound("pnig", suggestion: "ping").data["suggestion"] == "ping")
        #expect(ErrorObject.methodNotFound("pnig").data["suggestion"] == nil)
        #expect(ErrorObject.methodNotFound("pnig").data["method"] == "pnig")
        let exact = String(repeating: "e\u{301}", count: 40)
        #expect(ErrorObject.methodNotFound(exact).data["method"] == .string(exact))
        #expect(ErrorObject.methodNotFound(exact + "x").data["method"] == .string(exact + "…"))
    }
}
