import CustomerStore
package import SQLite
import StoreSQL

extension Row: SQLRow {
    package func isUnfit(_ index: Int) -> Bool {
        switch values[index] {
        case .text(let text): text.utf8.contains(0)
        case .brokenText, .blob, .real: true
        case .null, .integer: false
        }
    }
}

extension SQLiteValue {
    init(_ value: SQLValue) {
        switch value {
        case .null: self = .null
        case .integer(let value): self = .integer(value)
        case .text(let value): self = .text(value)
        case .texts(let values): self = .text(storedJSON(values))
        }
    }
}
