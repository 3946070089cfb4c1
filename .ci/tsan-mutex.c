// ThreadSanitizer does not see what Swift's Mutex does when threads contend for it: `_lockSlow` and `_unlockSlow` lie in
// libswiftSynchronization, which is not instrumented, and pass the lock on through the kernel (FUTEX_LOCK_PI), so a
// program with nothing but a Mutex in it is reported as racing. Preloaded, this tells the sanitizer of both, in the words
// of its own interface (compiler-rt/include/sanitizer/tsan_interface.h). It hides nothing: what is not under the lock
// is still reported. The uncontended way is an atomic in the caller, which is instrumented.
// https://github.com/swiftlang/swift/blob/release/6.3/stdlib/public/Synchronization/Mutex/LinuxImpl.swift
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

void __tsan_acquire(void *address) __attribute__((weak));
void __tsan_release(void *address) __attribute__((weak));

#define swiftcall __attribute__((swiftcall))
#define self_ __attribute__((swift_context)) void *self

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

swiftcall void lockSlow(uint32_t thread, self_) __asm__(LOCK);
swiftcall void lockSlow(uint32_t thread, self_) {
    void (*next)(uint32_t, self_) swiftcall = dlsym(RTLD_NEXT, LOCK);
    next(thread, self);
    if (__tsan_acquire) __tsan_acquire(self);
}

swiftcall void unlockSlow(self_) __asm__(UNLOCK);
swiftcall void unlockSlow(self_) {
    void (*next)(self_) swiftcall = dlsym(RTLD_NEXT, UNLOCK);
    if (__tsan_release) __tsan_release(self);
    next(self);
}
