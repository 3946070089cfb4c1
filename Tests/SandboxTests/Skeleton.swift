import Testing

@Suite struct SandboxSkeleton {}
