import Clients
import CustomerService

/// The languages in which there is a client.
enum ClientLanguage: String, CaseIterable, Sendable { case python, node, typescript }

/// `client`: prints a client of one file for this very version.
func printClient(_ language: ClientLanguage) throws(StartFailure) {
    let client =
        switch language {
        case .python: pythonClient(of: CustomerService.description, version: version)
        case .node: nodeClient(of: CustomerService.description, version: version)
        case .typescript: typeScriptClient(of: CustomerService.description, version: version)
        }
    // The text has its own line end.
    try printLine(String(client.dropLast()))
}
