import JSON
import TestSupport
import Testing

/// How lines reach the process.
enum Delivery: CaseIterable, CustomTestStringConvertible {
    /// One write a line, each answer awaited before the next; what is not answered is followed by a ping.
    case lineByLine
    case byteByByte
    case oneWrite
    case crlf

    var testDescription: String {
        switch self {
        case .lineByLine: "line by line"
        case .byteByByte: "byte by byte"
        case .oneWrite: "all in one write"
        case .crlf: "with CRLF"
        }
    }

    /// What an ordered session answers to these lines, up to its end.
    func answers(to lines: [[UInt8]], _ arguments: [String]) async throws -> [JSONValue] {
        let process = try Subprocess(["--ordered"] + arguments)
        var answers: [String] = []
        switch self {
        case .lineByLine:
            for (number, line) in lines.enumerated() {
                try await process.write(bytes: line + [0x0A])
                let probe = #""id":"probe \#(number)""#
                try await process.write(#"{"jsonrpc":"2.0",\#(probe),"method":"ping"}"#)
                while let answer = try await process.readLine(), !answer.contains(probe) { answers.append(answer) }
            }
        case .byteByByte:
            for byte in lines.joined(separator: [0x0A]) { try await process.write(bytes: [byte]) }
        case .oneWrite: try await process.write(bytes: Array(lines.joined(separator: [0x0A])))
        case .crlf: try await process.write(bytes: Array(lines.joined(separator: [0x0D, 0x0A])) + [0x0D, 0x0A])
        }
        process.closeInput()
        answers += try await process.readAll()
        #expect(try await process.wait() == .exited(0))
        return try answers.map { try JSONValue(parsing: Array($0.utf8)) }
    }
}

extension JSONValue {
    /// An error with the `data` taken out, which the specification leaves to the server.
    var withoutErrorData: JSONValue {
        switch self {
        case .array(let elements): return .array(elements.map(\.withoutErrorData))
        case .object(var object):
            if var error = object["error"]?.object {
                error["data"] = nil
                object["error"] = .object(error)
            }
            return .object(object)
        default: return self
        }
    }
}
