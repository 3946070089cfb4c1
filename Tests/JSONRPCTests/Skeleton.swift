import Testing

@Suite struct JSONRPCSkeleton {}
