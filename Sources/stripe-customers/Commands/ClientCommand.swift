import Clients

/// The languages in which there is a client.
enum ClientLanguage: String, CaseIterable, Sendable { case python, node, typescript }

/// `client`: prints a client of one file for this very version.
func printClient(_ language: ClientLanguage) throws(StartFailure) {
    let client =
        switch language {
        case .python: pythonClient(version: version)
        case .node: nodeClient(version: version)
        case .typescript: typeScriptClient(version: version)
        }
    // The text has its own line end.
    try printLine(String(client.dropLast()))
}
