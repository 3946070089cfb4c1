// Every file of `schemas/` becomes part of the binary, so nothing has to lie beside it at run time.
//
// C23's `#embed` (https://open-std.org/JTC1/SC22/WG14/www/docs/n3017.htm) takes the bytes as they are, in no time, and
// names the files in the compiler's dependency list, so a changed schema is compiled again. SwiftPM's `.embedInCode`
// writes them as Swift array literals, which would take a quarter of a minute for this much.
// `#embed` knows no wildcards: the list is by hand, and a test compares it with the folder.

#include "CSchemas.h"

#include <string.h>

// Each ends with a NUL byte, which JSON itself never holds (RFC 8259, section 2), so that the size can be found.
static const struct {
    const char *name;
    const unsigned char *bytes;
} files[] = {
    {"archiveCustomer.params.json", (const unsigned char[]){
#embed "../../schemas/archiveCustomer.params.json" suffix(, 0)
    }},
    {"archiveCustomer.result.json", (const unsigned char[]){
#embed "../../schemas/archiveCustomer.result.json" suffix(, 0)
    }},
    {"createCustomer.params.json", (const unsigned char[]){
#embed "../../schemas/createCustomer.params.json" suffix(, 0)
    }},
    {"createCustomer.result.json", (const unsigned char[]){
#embed "../../schemas/createCustomer.result.json" suffix(, 0)
    }},
    {"deleteCustomer.params.json", (const unsigned char[]){
#embed "../../schemas/deleteCustomer.params.json" suffix(, 0)
    }},
    {"deleteCustomer.result.json", (const unsigned char[]){
#embed "../../schemas/deleteCustomer.result.json" suffix(, 0)
    }},
    {"deleteUser.params.json", (const unsigned char[]){
#embed "../../schemas/deleteUser.params.json" suffix(, 0)
    }},
    {"deleteUser.result.json", (const unsigned char[]){
#embed "../../schemas/deleteUser.result.json" suffix(, 0)
    }},
    {"ensureCustomerExists.params.json", (const unsigned char[]){
#embed "../../schemas/ensureCustomerExists.params.json" suffix(, 0)
    }},
    {"ensureCustomerExists.result.json", (const unsigned char[]){
#embed "../../schemas/ensureCustomerExists.result.json" suffix(, 0)
    }},
    {"eraseUser.params.json", (const unsigned char[]){
#embed "../../schemas/eraseUser.params.json" suffix(, 0)
    }},
    {"eraseUser.result.json", (const unsigned char[]){
#embed "../../schemas/eraseUser.result.json" suffix(, 0)
    }},
    {"errors.json", (const unsigned char[]){
#embed "../../schemas/errors.json" suffix(, 0)
    }},
    {"exportUserData.params.json", (const unsigned char[]){
#embed "../../schemas/exportUserData.params.json" suffix(, 0)
    }},
    {"exportUserData.result.json", (const unsigned char[]){
#embed "../../schemas/exportUserData.result.json" suffix(, 0)
    }},
    {"getCustomer.params.json", (const unsigned char[]){
#embed "../../schemas/getCustomer.params.json" suffix(, 0)
    }},
    {"getCustomer.result.json", (const unsigned char[]){
#embed "../../schemas/getCustomer.result.json" suffix(, 0)
    }},
    {"getCustomerByEmail.params.json", (const unsigned char[]){
#embed "../../schemas/getCustomerByEmail.params.json" suffix(, 0)
    }},
    {"getCustomerByEmail.result.json", (const unsigned char[]){
#embed "../../schemas/getCustomerByEmail.result.json" suffix(, 0)
    }},
    {"getSyncStatus.params.json", (const unsigned char[]){
#embed "../../schemas/getSyncStatus.params.json" suffix(, 0)
    }},
    {"getSyncStatus.result.json", (const unsigned char[]){
#embed "../../schemas/getSyncStatus.result.json" suffix(, 0)
    }},
    {"getUser.params.json", (const unsigned char[]){
#embed "../../schemas/getUser.params.json" suffix(, 0)
    }},
    {"getUser.result.json", (const unsigned char[]){
#embed "../../schemas/getUser.result.json" suffix(, 0)
    }},
    {"getUserByCustomerId.params.json", (const unsigned char[]){
#embed "../../schemas/getUserByCustomerId.params.json" suffix(, 0)
    }},
    {"getUserByCustomerId.result.json", (const unsigned char[]){
#embed "../../schemas/getUserByCustomerId.result.json" suffix(, 0)
    }},
    {"getUserByEmail.params.json", (const unsigned char[]){
#embed "../../schemas/getUserByEmail.params.json" suffix(, 0)
    }},
    {"getUserByEmail.result.json", (const unsigned char[]){
#embed "../../schemas/getUserByEmail.result.json" suffix(, 0)
    }},
    {"handleWebhook.params.json", (const unsigned char[]){
#embed "../../schemas/handleWebhook.params.json" suffix(, 0)
    }},
    {"handleWebhook.result.json", (const unsigned char[]){
#embed "../../schemas/handleWebhook.result.json" suffix(, 0)
    }},
    {"health.params.json", (const unsigned char[]){
#embed "../../schemas/health.params.json" suffix(, 0)
    }},
    {"health.result.json", (const unsigned char[]){
#embed "../../schemas/health.result.json" suffix(, 0)
    }},
    {"linkCustomer.params.json", (const unsigned char[]){
#embed "../../schemas/linkCustomer.params.json" suffix(, 0)
    }},
    {"linkCustomer.result.json", (const unsigned char[]){
#embed "../../schemas/linkCustomer.result.json" suffix(, 0)
    }},
    {"listAuditEvents.params.json", (const unsigned char[]){
#embed "../../schemas/listAuditEvents.params.json" suffix(, 0)
    }},
    {"listAuditEvents.result.json", (const unsigned char[]){
#embed "../../schemas/listAuditEvents.result.json" suffix(, 0)
    }},
    {"listCustomers.params.json", (const unsigned char[]){
#embed "../../schemas/listCustomers.params.json" suffix(, 0)
    }},
    {"listCustomers.result.json", (const unsigned char[]){
#embed "../../schemas/listCustomers.result.json" suffix(, 0)
    }},
    {"listUsers.params.json", (const unsigned char[]){
#embed "../../schemas/listUsers.params.json" suffix(, 0)
    }},
    {"listUsers.result.json", (const unsigned char[]){
#embed "../../schemas/listUsers.result.json" suffix(, 0)
    }},
    {"meta.json", (const unsigned char[]){
#embed "../../schemas/meta.json" suffix(, 0)
    }},
    {"methods.json", (const unsigned char[]){
#embed "../../schemas/methods.json" suffix(, 0)
    }},
    {"ping.params.json", (const unsigned char[]){
#embed "../../schemas/ping.params.json" suffix(, 0)
    }},
    {"ping.result.json", (const unsigned char[]){
#embed "../../schemas/ping.result.json" suffix(, 0)
    }},
    {"policy.json", (const unsigned char[]){
#embed "../../schemas/policy.json" suffix(, 0)
    }},
    {"reconcile.params.json", (const unsigned char[]){
#embed "../../schemas/reconcile.params.json" suffix(, 0)
    }},
    {"reconcile.result.json", (const unsigned char[]){
#embed "../../schemas/reconcile.result.json" suffix(, 0)
    }},
    {"registerUser.params.json", (const unsigned char[]){
#embed "../../schemas/registerUser.params.json" suffix(, 0)
    }},
    {"registerUser.result.json", (const unsigned char[]){
#embed "../../schemas/registerUser.result.json" suffix(, 0)
    }},
    {"restoreCustomer.params.json", (const unsigned char[]){
#embed "../../schemas/restoreCustomer.params.json" suffix(, 0)
    }},
    {"restoreCustomer.result.json", (const unsigned char[]){
#embed "../../schemas/restoreCustomer.result.json" suffix(, 0)
    }},
    {"rpc.discover.params.json", (const unsigned char[]){
#embed "../../schemas/rpc.discover.params.json" suffix(, 0)
    }},
    {"rpc.discover.result.json", (const unsigned char[]){
#embed "../../schemas/rpc.discover.result.json" suffix(, 0)
    }},
    {"syncAllUsers.params.json", (const unsigned char[]){
#embed "../../schemas/syncAllUsers.params.json" suffix(, 0)
    }},
    {"syncAllUsers.result.json", (const unsigned char[]){
#embed "../../schemas/syncAllUsers.result.json" suffix(, 0)
    }},
    {"syncCustomerWithUser.params.json", (const unsigned char[]){
#embed "../../schemas/syncCustomerWithUser.params.json" suffix(, 0)
    }},
    {"syncCustomerWithUser.result.json", (const unsigned char[]){
#embed "../../schemas/syncCustomerWithUser.result.json" suffix(, 0)
    }},
    {"unlinkCustomer.params.json", (const unsigned char[]){
#embed "../../schemas/unlinkCustomer.params.json" suffix(, 0)
    }},
    {"unlinkCustomer.result.json", (const unsigned char[]){
#embed "../../schemas/unlinkCustomer.result.json" suffix(, 0)
    }},
    {"updateCustomer.params.json", (const unsigned char[]){
#embed "../../schemas/updateCustomer.params.json" suffix(, 0)
    }},
    {"updateCustomer.result.json", (const unsigned char[]){
#embed "../../schemas/updateCustomer.result.json" suffix(, 0)
    }},
    {"updateUser.params.json", (const unsigned char[]){
#embed "../../schemas/updateUser.params.json" suffix(, 0)
    }},
    {"updateUser.result.json", (const unsigned char[]){
#embed "../../schemas/updateUser.result.json" suffix(, 0)
    }},
    {"verifyAuditLog.params.json", (const unsigned char[]){
#embed "../../schemas/verifyAuditLog.params.json" suffix(, 0)
    }},
    {"verifyAuditLog.result.json", (const unsigned char[]){
#embed "../../schemas/verifyAuditLog.result.json" suffix(, 0)
    }},
};

size_t CSchemasFileCount(void) { return sizeof files / sizeof files[0]; }

struct CSchemasFile CSchemasFileAt(size_t position) {
    const unsigned char *bytes = files[position].bytes;
    return (struct CSchemasFile){files[position].name, bytes, strlen((const char *)bytes)};
}
