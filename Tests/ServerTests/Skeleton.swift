import Testing

@Suite struct ServerSkeleton {}
