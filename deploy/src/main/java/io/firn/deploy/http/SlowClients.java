package io.firn.deploy.http;

import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.ServerConnector;

/**
 * Ends connections over which bytes come and no request gets whole. Each byte begins the idle time anew, so that alone
 * would let a client keep connections for ever by a byte now and then.
 */
final class SlowClients implements Connection.Listener {
    /** Between two looks: a request that comes in bits over two of them is ended. */
    static final long LOOK_MILLIS = 15_000;

    private final ServerConnector connector;
    private final long lookMillis;

    SlowClients(ServerConnector connector, long lookMillis) {
        this.connector = connector;
        this.lookMillis = lookMillis;
    }

    @Override
    public void onOpened(Connection connection) {
        lookLater(connection, connection.getMessagesIn(), connection.getBytesIn());
    }

    private void lookLater(Connection connection, long requests, long bytes) {
        connector.getScheduler().schedule(() -> look(connection, requests, bytes), lookMillis, TimeUnit.MILLISECONDS);
    }

    /** Where no bytes came, either the idle time ends it or the service is at work on the request. */
    private void look(Connection connection, long requestsBefore, long bytesBefore) {
        if (!connection.getEndPoint().isOpen()) {
            return;
        }
        long requests = connection.getMessagesIn();
        long bytes = connection.getBytesIn();
        if (requests == requestsBefore && bytes > bytesBefore) {
            connection.getEndPoint().close();
        } else {
            lookLater(connection, requests, bytes);
        }
    }
}
