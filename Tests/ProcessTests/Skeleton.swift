import Testing

@Suite struct ProcessSkeleton {}
