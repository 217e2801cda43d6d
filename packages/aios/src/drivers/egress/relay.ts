import { once } from "node:events";
import { connect as connectPlain, createServer } from "node:net";
import type { Socket } from "node:net";
import { connect as connectSecure } from "node:tls";

/** A unix socket of the machine, or the origin of a URL (http or https). */
export type RelayTarget = { readonly socket: string } | { readonly url: string };

/**
 * Listens on a unix socket and carries each connection on, byte by byte, to where `target` says just then: what listens there
 * may have moved. A target that is not there closes the connection. Disposing of it closes all.
 */
export async function openRelay(socketPath: string, target: () => Promise<RelayTarget>): Promise<AsyncDisposable> {
  const open = new Set<Socket>();
  const hold = (socket: Socket): Socket => {
    open.add(socket);
    socket.once("close", () => open.delete(socket)).on("error", () => socket.destroy());
    return socket;
  };
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    hold(client);
    target().then(
      (to) => {
        const upstream = hold(connectTo(to));
        client.once("close", () => upstream.destroy());
        upstream.once("close", () => client.destroy());
        client.pipe(upstream).pipe(client);
      },
      () => client.destroy(),
    );
  });
  server.listen(socketPath);
  await once(server, "listening");
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function connectTo(target: RelayTarget): Socket {
  if ("socket" in target) return connectPlain({ path: target.socket, allowHalfOpen: true });
  const { protocol, hostname, port } = new URL(target.url);
  const host = hostname.replaceAll(/^\[|\]$/g, "");
  if (protocol === "https:") return connectSecure({ host, port: Number(port || 443), servername: host });
  return connectPlain({ host, port: Number(port || 80), allowHalfOpen: true });
}
