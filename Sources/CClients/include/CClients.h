#pragma once
#include <stddef.h>

/// One file of this folder, which holds what the generated clients do at run time.
typedef struct {
    const unsigned char *bytes;
    size_t size;
} CClientsFile;

extern const CClientsFile CClientsPython;
extern const CClientsFile CClientsJavaScript;
