/// Under what a change may be sent to Stripe: a lease, a key that Stripe still keeps.
///
/// A process may be stopped, or its machine suspended, at any instruction, and go on much later, when another one has
/// taken over. So the fence that is current is looked at right before each attempt of a change goes out, the repetitions
/// included: at the last moment that libcurl offers. What it holds back has not happened; whoever has the lease by then
/// does it.
package struct Fence: Sendable {
    /// Current in everything that its holder starts, so that no change can be sent past it.
    @TaskLocal package static var current: Fence?

    /// Asked on any thread; once false, false for good.
    package let stands: @Sendable () -> Bool
}

/// Runs `body` behind a fence of its own and those that are current already: a change is sent while all of them stand.
package func fenced<T: Sendable, E: Error>(
    while stands: @escaping @Sendable () -> Bool, _ body: () async throws(E) -> T
) async throws(E) -> T {
    let outer = Fence.current
    let fence = Fence { (outer?.stands() ?? true) && stands() }
    let result: Result<T, E> = await Fence.$current.withValue(fence) {
        do throws(E) { return .success(try await body()) } catch { return .failure(error) }
    }
    return try result.get()
}
