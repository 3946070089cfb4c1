import Testing

@Suite struct JSONSkeleton {}
