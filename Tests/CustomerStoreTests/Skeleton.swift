import Testing

@Suite struct CustomerStoreSkeleton {}
