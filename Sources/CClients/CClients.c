// The runtimes of the generated clients become part of the binary, as those of `schemas/` do (see CSchemas.c).

#include "CClients.h"

static const unsigned char python[] = {
#embed "runtime.py"
};

static const unsigned char javaScript[] = {
#embed "runtime.mjs"
};

const CClientsFile CClientsPython = {python, sizeof python};
const CClientsFile CClientsJavaScript = {javaScript, sizeof javaScript};
