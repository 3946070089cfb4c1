import AccessPolicy

/// Roles as a test needs them.
enum PolicyDocuments {
    static let admin =
        #"{"roles": {"admin": {"methods": ["*"]}, "support": {"methods": ["getUser", "getCustomer"]}, "#
        + #""member": {"methods": ["*"], "scope": "self"}, "reader": {"methods": ["getUser"], "scope": "self"}}}"#
}
