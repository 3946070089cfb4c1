import CustomerStore
import Environment
import JSON

@testable import SQLiteStore

/// The engines on which each row verb and each trait is tried: all have to mean the same by it.
enum Engine: CaseIterable {
    case sqlite

    /// The rows of an empty database with all migrations. Each verb is a transaction of its own.
    func open() throws(StoreError) -> any StoreTransaction {
        switch self {
        case .sqlite: try SQLiteTransaction.open(":memory:").rows
        }
    }

    /// The same for whole transactions.
    func start() throws(StoreError) -> any StoreEngine {
        switch self {
        case .sqlite:
            let (rows, ids) = try SQLiteTransaction.open(":memory:")
            return SQLiteEngine(rows, place: ":memory:", ids: ids)
        }
    }
}

let someTime: Milliseconds = 1_767_225_600_000

extension StoreTransaction {
    @discardableResult
    func add(_ id: String, email: String? = nil, customerId: String? = nil) throws(StoreError) -> User? {
        let user = try insertUser(User(id: id, email: email ?? id + "@example.com"), choosingID: false)
        if let customerId { try link(customerId, to: id) }
        return user
    }

    /// A pending create.
    @discardableResult
    func beginCreate(of userId: String, key: String = "k") throws(StoreError) -> CreateIntent? {
        let draft = IntentDraft(idempotencyKey: key, fields: ["email": "a@example.com"], vouchedEmail: "a@example.com")
        _ = try insertIntent(draft, of: userId, at: someTime)
        return try situation(of: userId).intent
    }

    func putDisposal(of customerId: String, _ action: Disposal.Action, userId: String? = nil) throws(StoreError) {
        try putDisposal(of: customerId, action, userId: userId, key: "k", at: someTime)
    }
}
