/// What `--help` prints: one screen.
let help = """
    Stripe customers for the users of a backend. A host starts this process and
    speaks JSON-RPC 2.0 with it over stdin and stdout, one JSON text a line.

    usage: stripe-customers [command] [options]

      serve                  answers requests until stdin ends (the default)
      migrate [--dry-run]    applies the pending migrations to the database
      sync [--dry-run]       brings every user in line with Stripe
      reconcile [--fix]      compares every user with every Stripe customer
      check                  looks whether all is well before work begins
      client LANGUAGE        prints a client of one file: python, node, typescript
      mcp                    serves agents over stdio (Model Context Protocol);
                             with --allow-destructive also what can't be undone
      describe               prints the OpenRPC document of all methods
      --help, --version

      --database PATH        SQLite file, or :memory: (stripe-customers.sqlite)
      --sandbox              a built-in Stripe takes the place of the network
      --deterministic        with --sandbox: the same input gives the same bytes
      --ordered              one request at a time, answers in request order
      --api-base URL         another Stripe endpoint (https://api.stripe.com)
      --account acct_…       acts for a connected account
      --app NAME             marks its customers, where several applications share
                             a Stripe account
      --api-key-file PATH    the secret key; else the variable STRIPE_API_KEY
      --webhook-secret-file PATH  beside STRIPE_WEBHOOK_SECRET; may be repeated
      --ca-file PATH         certificates to trust Stripe by (the system's)
      --policy FILE          who may call what (without: the host everything)
      --rate-limit N         Stripe calls a second, 0: no limit (25 test, 100 live)
      --stripe-wins FIELD,…  edits of email, name, phone at Stripe change the user
      --poll-interval SECS   follows Stripe's events, without webhooks (off)
      --max-in-flight N      requests worked on at once (64)
      --keep-keys DAYS       how long idempotency keys are remembered (30)
      --log-level LEVEL      of the log on stderr: error, warning, info, debug

    examples:
      echo '{"jsonrpc":"2.0","id":1,"method":"ping"}' | stripe-customers --sandbox
      STRIPE_API_KEY=sk_test_… stripe-customers --database /var/lib/app/app.sqlite
    """
