/// Single facts that outlive the process.
package protocol SettingRows {
    func setting(_ name: String) throws(StoreError) -> String?
    /// - Parameter value: `nil` removes the setting.
    func set(_ name: String, to value: String?) throws(StoreError)
    /// Sets it where it has no value yet.
    func setFirst(_ name: String, to value: String) throws(StoreError)
    /// Counts the setting up by one, from 1.
    func countUp(_ name: String) throws(StoreError) -> Int
}
