package io.firn.deploy.http;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.util.HexFormat;

/**
 * How much may be asked in a time: a known caller has a limit of its own, all others share that of their address. Safe
 * for use by several threads.
 */
final class RequestRates {
    /** Bytes of an IPv6 address that name the network: one customer or host has all addresses of it. */
    private static final int NETWORK_BYTES = 8;

    private final RateLimit callers;
    private final RateLimit addresses;

    /** @param perSecond requests of a caller, and of an address, in the mean */
    RequestRates(int perSecond, Clock clock) {
        this.callers = new RateLimit(perSecond, clock);
        this.addresses = new RateLimit(perSecond, clock);
    }

    /** Counts a request of a known caller, and returns whether it may be answered. */
    boolean take(Caller caller) {
        return callers.take(caller.role() + " " + caller.name(), 1);
    }

    /**
     * Counts a request of somebody unknown, and returns whether it may be answered.
     *
     * @param cost in requests
     */
    boolean take(String address, int cost) {
        return addresses.take(network(address), cost);
    }

    /** The address, or, of IPv6, its /64. */
    static String network(String address) {
        try {
            // Written as numbers, so no name is looked up.
            InetAddress parsed = InetAddress.getByName(address);
            return parsed instanceof Inet6Address
                    ? HexFormat.of().formatHex(parsed.getAddress(), 0, NETWORK_BYTES) + "/64"
                    : parsed.getHostAddress();
        } catch (UnknownHostException strange) {
            return address;
        }
    }
}
