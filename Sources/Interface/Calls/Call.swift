package import JSON

/// One call of a method: what crosses from the server to whoever carries it out, made once when the request is admitted.
package struct Call: Sendable {
    /// Without `_meta`.
    package let params: JSONObject
    package let subject: Subject
    package let meta: CallMeta
    /// Sends one `$/progress` value; does nothing when the host gave no token.
    package var progress: @Sendable (JSONValue) -> Void

    package init(
        _ params: JSONObject, meta: CallMeta = CallMeta(), progress: @escaping @Sendable (JSONValue) -> Void = { _ in }
    ) {
        self.params = params
        self.meta = meta
        self.progress = progress
        subject = Subject(params)
    }
}
