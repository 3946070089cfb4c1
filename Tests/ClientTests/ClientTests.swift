import Testing

/// One after the other: each case starts interpreters and processes, and several hold a thousand calls at once.
@Suite("The generated clients", .serialized)
enum ClientTests {}
