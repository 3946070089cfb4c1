import HTTP
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A scripted HTTP/1.1 server on a free port of 127.0.0.1, for tests of every level.
///
/// The handler runs on the connection's own thread, so it may block, and handlers of different connections run at the
/// same time. It must not call `stop()`, which waits for it.
package final class LoopbackServer: Sendable {
    package typealias Handler = @Sendable (ReceivedRequest) -> Reply

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    package var url: String { "http://127.0.0.1:\(port)" }
    package let port: UInt16

    private let shared: Shared
    private let acceptor: JoinableThread
    /// Keeps the port when nobody listens on it any more: another server there would answer what is to be refused.
    private let reservation: LoopbackSocket

    /// Listens and answers from here on.
    ///
    /// - Throws: `SystemError` if there is no socket to be had.
    package init(handler: @escaping Handler) throws(SystemError) {
        reservation = try LoopbackSocket.bound()
        port = try reservation.port()
        let listener = try LoopbackSocket.listening(onPort: port)
        let shared = Shared(handler: handler)
        self.shared = shared
        acceptor = JoinableThread {
            while let connection = listener.nextConnection() {
                guard shared.serve(connection) else {
                    connection.end()
                    break
                }
            }
            listener.end()
        }
    }

    /// Every request so far, in the order of their arrival, including those whose reply was a failure.
    package var requests: [ReceivedRequest] { shared.state.withLock { $0.requests } }

    /// Connections accepted so far.
    package var connectionCount: Int { shared.state.withLock { $0.connectionCount } }

    /// Refuses new connections from here on; those that are open go on. A handler may call this.
    package func refuseConnections() {
        shared.state.withLock { $0.acceptsConnections = false }
        // `accept` can't be interrupted in a portable way, but it does return for one last connection.
        LoopbackSocket.connected(toPort: port)?.end()
        acceptor.join()
    }

    /// Refuses new connections, ends those that are open and waits for the threads. May be called twice.
    package func stop() {
        refuseConnections()
        shared.endConnections()
    }

    deinit {
        stop()
        reservation.end()
    }
}

extension LoopbackServer {
    /// What the threads share; apart from the server, so that its `deinit` can stop them.
    final class Shared: Sendable {
        struct State {
            var requests: [ReceivedRequest] = []
            var connectionCount = 0
            /// Those that are open; a connection leaves before it closes its descriptor.
            var open: [Int: LoopbackSocket] = [:]
            var threads: [Int: JoinableThread] = [:]
            /// Connections that have ended, whose threads are still to be joined.
            var ended: [Int] = []
            var acceptsConnections = true
        }

        let handler: LoopbackServer.Handler
        let state = Mutex(State())

        init(handler: @escaping LoopbackServer.Handler) {
            self.handler = handler
        }

        /// Starts the thread of one connection, unless no more are accepted.
        func serve(_ socket: LoopbackSocket) -> Bool {
            joinEndedThreads()
            return state.withLock { state in
                guard state.acceptsConnections else { return false }
                state.connectionCount += 1
                let number = state.connectionCount
                state.open[number] = socket
                state.threads[number] = JoinableThread {
                    LoopbackConnection(socket: socket, number: number, shared: self).run()
                    self.state.withLock { state in
                        state.open[number] = nil
                        state.ended.append(number)
                    }
                    socket.end()
                }
                return true
            }
        }

        /// A thread that has ended keeps its stack until it is joined, and a long test has many connections.
        private func joinEndedThreads() {
            let threads = state.withLock { state in
                defer { state.ended = [] }
                return state.ended.compactMap { state.threads.removeValue(forKey: $0) }
            }
            for thread in threads { thread.join() }
        }

        /// Gives the request its number and answers it.
        func reply(to request: ReceivedRequest) -> Reply {
            let numbered = state.withLock { state in
                var numbered = request
                numbered.number = state.requests.count + 1
                state.requests.append(numbered)
                return numbered
            }
            return handler(numbered)
        }

        func endConnections() {
            let threads = state.withLock { state in
                for socket in state.open.values { socket.shutDown() }
                return Array(state.threads.values)
            }
            for thread in threads { thread.join() }
        }
    }
}
