#pragma once

#include <stddef.h>

/// One file of `schemas/`, as it was when this was compiled.
struct CSchemasFile {
    const char *_Nonnull name;
    const unsigned char *_Nonnull bytes;
    size_t size;
};

size_t CSchemasFileCount(void);

/// The file at a position below `CSchemasFileCount()`, in the order of the names.
struct CSchemasFile CSchemasFileAt(size_t position);
