package io.firn.deploy.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;

/** Checks addresses as people write them, without looking any name up. */
final class HostAndPort {
    private static final int MAX_PORT = 65_535;

    private HostAndPort() {}

    /**
     * Returns what to do where the text is not {@code host:port}.
     *
     * @param example for the advice
     */
    static Optional<String> problem(String text, String example) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? text : text.substring(0, colon);
        String port = colon < 0 ? "" : text.substring(colon + 1);
        boolean isBracketed = host.startsWith("[") && host.endsWith("]");
        if (!isBracketed && host.indexOf(':') >= 0) {
            return Optional.of("write an IPv6 address in brackets: " + inBrackets(text, host, port));
        }
        boolean valid = port.matches("\\d{1,5}")
                && Integer.parseInt(port) <= MAX_PORT
                && (isBracketed ? isIpv6(host) : host.matches("[^\\s\\[\\]/@?#]+"));
        return valid ? Optional.empty() : Optional.of("write host:port, as " + example);
    }

    private static String inBrackets(String text, String host, String port) {
        return isIpv6("[" + text + "]") && !isIpv6("[" + host + "]") ? "[" + text + "]:PORT" : "[" + host + "]:" + port;
    }

    /** A literal in brackets is never looked up. */
    private static boolean isIpv6(String bracketed) {
        try {
            return InetAddress.getByName(bracketed).getAddress().length > 0;
        } catch (UnknownHostException none) {
            return false;
        }
    }
}
