package io.firn.deploy.http;

import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.ServerConnector;

/**
 * Ends connections over which bytes come and no request gets whole. Each byte begins the idle time anew, so that alone
 * would let a client keep connections for ever by a byte now and then.
 */
final class SlowClients implements Connection.Listener {
    static final long LOOK_MILLIS = 15_000;

    private final ServerConnector connector;
    private final long lookMillis;

    SlowClients(ServerConnector connector) {
        this(connector, LOOK_MILLIS);
    }

    SlowClients(ServerConnector connector, long lookMillis) {
        this.connector = connector;
        this.lookMillis = lookMillis;
    }

    @Override
    public void onOpened(Connection connection) {
        lookLater(connection, connection.getMessagesIn());
    }

    private void lookLater(Connection connection, long requestsBefore) {
        connector.getScheduler().schedule(() -> look(connection, requestsBefore), lookMillis, TimeUnit.MILLISECONDS);
    }

    private void look(Connection connection, long requestsBefore) {
        if (!connection.getEndPoint().isOpen()) {
            return;
        }
        long requests = connection.getMessagesIn();
        if (requests == requestsBefore) {
            connection.getEndPoint().close();
        } else {
            lookLater(connection, requests);
        }
    }
}
