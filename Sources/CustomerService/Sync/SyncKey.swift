/// The idempotency keys under which the process itself writes. Events tell them, so their form must not come up by
/// accident: `meta.json` keeps hosts from it.
enum SyncKey: String, CaseIterable {
    case create, update, archive

    var prefix: String { "stripe-customers-\(rawValue)-" }

    func of(_ id: String) -> String { prefix + id }
}
