"""A website in Flask whose users are Stripe customers: POST /users/ID registers one, GET /users/ID/customer shows it."""

from flask import Flask, jsonify, request
from werkzeug.serving import make_server

from stripe_customers import StripeCustomers, StripeCustomersError

app = Flask(__name__)
stripe = StripeCustomers(database="app.sqlite", sandbox=True, timeout=60)


@app.post("/users/<user_id>")
def register(user_id):
    form = request.form
    answer = stripe.register_user(user_id=user_id, email=form["email"], name=form.get("name"))
    return jsonify(answer), 201


@app.get("/users/<user_id>/customer")
def customer(user_id):
    link = stripe.ensure_customer_exists(user_id=user_id)
    return jsonify(stripe.get_customer(customer_id=link["customerId"]))


@app.post("/stripe")
def stripe_event():
    signature = request.headers.get("Stripe-Signature", "")
    return jsonify(stripe.handle_webhook(payload=request.get_data(), signature=signature))


@app.errorhandler(StripeCustomersError)
def refused(error):
    return jsonify(error=error.type, message=str(error)), 503 if error.retryable else 400


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(server.server_port, flush=True)
    server.serve_forever()
