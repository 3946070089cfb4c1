import Testing

@Suite struct StripeSkeleton {}
