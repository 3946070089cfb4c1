package import JSON

/// What a reconciliation remembers of what it listed and found, and what it holds that against.
package protocol ReconciliationRows {
    func clearReconciliation() throws(StoreError)
    func putListed(_ customer: ListedCustomer) throws(StoreError)
    func putFinding(_ finding: JSONObject, kind: String, subject: String) throws(StoreError)
    /// How many there are of each kind, and how many of them are repaired.
    func findingCounts() throws(StoreError) -> [(kind: String, count: Int, fixed: Int)]
    func findings(limit: Int) throws(StoreError) -> [JSONObject]

    func linkFacts(of customerId: String) throws(StoreError) -> LinkFacts?
    /// In the order of their ids.
    func userFacts(after id: String?, limit: Int) throws(StoreError) -> [UserFacts]
    func userFacts(of id: String) throws(StoreError) -> UserFacts?
    func orphans(after id: String?, limit: Int) throws(StoreError) -> [ListedCustomer]
    /// Whether something has been done here with the customer since an event of the audit log.
    func isTouched(_ customerId: String, since sequence: Int64) throws(StoreError) -> Bool
}
