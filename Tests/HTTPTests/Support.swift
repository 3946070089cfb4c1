import HTTP
import Synchronization
import TestSupport
import Testing

/// Sends a request that is expected to fail.
func failure(
    of request: HTTPRequest, _ configuration: HTTPConfiguration = HTTPConfiguration(totalTimeout: 10_000)
) async throws -> HTTPFailure {
    try await failure(of: request, sentBy: CurlExchange(configuration: configuration))
}

func failure(of request: HTTPRequest, sentBy http: CurlExchange) async throws -> HTTPFailure {
    try #require(await #expect(throws: HTTPFailure.self) { try await http.send(request) })
}

/// Something that a server's handler tells the test: one side fires, the other waits.
struct Signal {
    private let pair = AsyncStream.makeStream(of: Void.self)

    func fire() { pair.continuation.yield() }

    func wait() async {
        for await _ in pair.stream { return }
    }
}

/// Lets a handler reach its own server.
final class ServerBox: Sendable {
    private let server = Mutex<LoopbackServer?>(nil)

    func put(_ server: LoopbackServer?) { self.server.withLock { $0 = server } }

    func refuseConnections() { server.withLock { $0 }?.refuseConnections() }
}
