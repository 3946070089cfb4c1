import JSON
import Schemas

/// `describe`: prints the OpenRPC document, the same as `rpc.discover` answers.
func describe() throws(StartFailure) { try printLine(openRPCDocument(version: version).serialized()) }
