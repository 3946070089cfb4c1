import CustomerService
import Interface
import JSON

/// `describe`: prints the OpenRPC document, the same as `rpc.discover` answers.
func describe() throws(StartFailure) {
    try printLine(openRPCDocument(of: CustomerService.description, version: version).serialized())
}
