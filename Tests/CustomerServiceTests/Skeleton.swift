import Testing

@Suite struct CustomerServiceSkeleton {}
