package import Interface
package import JSON

/// A request that may be carried out: the method exists, and its params fit their schema.
package struct AdmittedCall: Sendable {
    package let method: Method
    /// Without `_meta`.
    package let params: JSONObject
    package let meta: CallMeta
    /// What is called in the end: this method, or the one whose call it carries.
    package let target: Method
    /// Whom that call is about.
    package let subject: Subject

    init(method: Method, params: JSONObject, meta: CallMeta) {
        self.method = method
        self.params = params
        self.meta = meta
        let carried = method.carried?(params)
        target = carried?.method ?? method
        subject = Subject(carried?.params ?? params)
    }
}
