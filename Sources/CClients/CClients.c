// The runtimes of the generated clients become part of the binary, by C23's `#embed`, which takes the bytes as they are, in no time.

#include "CClients.h"

static const unsigned char python[] = {
#embed "runtime.py"
};

static const unsigned char javaScript[] = {
#embed "runtime.mjs"
};

const CClientsFile CClientsPython = {python, sizeof python};
const CClientsFile CClientsJavaScript = {javaScript, sizeof javaScript};
