/// One connection of a `LoopbackServer`: reads requests and carries out the replies until either side ends it.
struct LoopbackConnection {
    let socket: LoopbackSocket
    let number: Int
    let shared: LoopbackServer.Shared

    func run() {
        var input: [UInt8] = []
        while let request = readRequest(&input) {
            let goesOn = carryOut(shared.reply(to: request), for: request)
            if !goesOn { return }
        }
    }

    // MARK: Requests

    /// - Parameter input: bytes that were read past the request before.
    /// - Returns: `nil` at the end of the connection or for anything that is not HTTP/1.1 with a `Content-Length`.
    private func readRequest(_ input: inout [UInt8]) -> ReceivedRequest? {
        let blankLine = Array("\r\n\r\n".utf8)
        var headEnd: Int?
        while headEnd == nil {
            headEnd = input.indices.first { input[$0...].starts(with: blankLine) }
            if headEnd == nil {
                guard let bytes = socket.receive() else { return nil }
                input += bytes
            }
        }
        guard let headEnd, var request = parseHead(input[..<headEnd]) else { return nil }
        let bodyStart = headEnd + blankLine.count
        let length = request.headers["content-length"].flatMap { Int($0) } ?? 0
        while input.count < bodyStart + length {
            guard let bytes = socket.receive() else { return nil }
            input += bytes
        }
        request.body = Array(input[bodyStart..<bodyStart + length])
        input.removeFirst(bodyStart + length)
        return request
    }

    private func parseHead(_ head: ArraySlice<UInt8>) -> ReceivedRequest? {
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3, words[2] == "HTTP/1.1" else { return nil }
        let target = words[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            let name = parts[0].lowercased()
            let value = String(parts[1].drop { $0 == " " })
            headers[name] = headers[name].map { $0 + ", " + value } ?? value
        }
        return ReceivedRequest(
            method: String(words[0]), path: String(target[0]), rawQuery: target.count == 2 ? String(target[1]) : "",
            headers: headers, body: [], connectionNumber: number, number: 0)
    }

    // MARK: Replies

    /// - Returns: whether the connection goes on.
    private func carryOut(_ reply: Reply, for request: ReceivedRequest) -> Bool {
        switch reply {
        case .respond(let status, let headers, let body):
            let sent = socket.transmit(head(status, headers, bodyBytes: body.count) + body)
            let closes = headers.contains { $0.key.lowercased() == "connection" && $0.value == "close" }
            return sent && !closes && request.headers["connection"] != "close"
        case .reset:
            socket.resetOnClose()
            return false
        case .close:
            return false
        case .stall(let milliseconds, let next):
            socket.pause(milliseconds: milliseconds)
            return next.map { carryOut($0, for: request) } ?? false
        case .truncate(let status, let headers, let body, let after):
            _ = socket.transmit(head(status, headers, bodyBytes: body.count) + body.prefix(after))
            return false
        case .trickle(let status, let headers, let body, let pieceBytes, let pauseMilliseconds):
            guard socket.transmit(head(status, headers, bodyBytes: body.count)) else { return false }
            var rest = body[...]
            while !rest.isEmpty {
                socket.pause(milliseconds: pauseMilliseconds)
                guard socket.transmit(Array(rest.prefix(pieceBytes))) else { return false }
                rest = rest.dropFirst(pieceBytes)
            }
            return true
        case .raw(let bytes):
            _ = socket.transmit(bytes)
            return false
        }
    }

    private func head(_ status: Int, _ headers: [String: String], bodyBytes: Int) -> [UInt8] {
        var text = "HTTP/1.1 \(status) Scripted\r\n"
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) { text += "\(name): \(value)\r\n" }
        let hasLength = headers.keys.contains { ["content-length", "transfer-encoding"].contains($0.lowercased()) }
        if !hasLength { text += "Content-Length: \(bodyBytes)\r\n" }
        return Array((text + "\r\n").utf8)
    }
}
