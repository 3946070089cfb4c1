import Testing

@Suite struct SQLiteSkeleton {}
