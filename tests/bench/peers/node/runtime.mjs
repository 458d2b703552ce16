// What Lambda's own runtime for Node.js does: loads the handler, then asks for events and answers them.

const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;
const { handler } = await import("./index.mjs");

for (;;) {
  const next = await fetch(`${api}/next`);
  const id = next.headers.get("lambda-runtime-aws-request-id");
  const event = await next.json();
  const [kind, body] = await handler(event).then(
    (answer) => ["response", answer],
    (error) => ["error", { errorType: error.name, errorMessage: error.message }],
  );
  const sent = await fetch(`${api}/${id}/${kind}`, { method: "POST", body: JSON.stringify(body) });
  await sent.arrayBuffer();
}
