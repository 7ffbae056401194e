package io.firn.deploy.http;

import io.firn.catalog.rest.IcebergRest;
import io.firn.deploy.http.Role.Permission;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stands before every handler: what it does not let through, none of them sees. */
final class Door {
    private static final Logger LOG = LoggerFactory.getLogger(Door.class);

    /** Exactly these: a path that only begins like one of them is none of them. */
    private static final Set<String> PROBES = Set.of("/health/live", "/health/ready");

    private static final Pattern THIS_MACHINE = Pattern.compile("localhost|127(\\.\\d{1,3}){3}|\\[::1]");
    private static final String CALLER = "firn.caller";
    private static final String CERTIFICATES = "jakarta.servlet.request.X509Certificate";
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int TOO_LARGE = 413;
    private static final int TOO_MANY = 429;
    private static final String LIMIT = "http.requests-per-second";

    /** Of a wrong or missing token, in requests: guessing is slow. */
    private static final int COST_OF_A_WRONG_TOKEN = 20;

    private final Access access;
    private final RequestRates rates;
    private final Set<String> open;
    private final Optional<IcebergRest> iceberg;

    /** @param open paths that anybody may get, beside the probes */
    Door(Access access, RequestRates rates, Set<String> open, Optional<IcebergRest> iceberg) {
        this.access = access;
        this.rates = rates;
        this.open = Set.copyOf(open);
        this.iceberg = iceberg;
    }

    /** To be called before any handler. */
    void admit(Context context) {
        headers(context);
        if (RequestBodies.isUnexpected(context)) {
            refuse(
                    context,
                    TOO_LARGE,
                    "a request of this method has no body",
                    "header Content-Length or Transfer-Encoding",
                    "send it without a body");
        } else if (!PROBES.contains(context.path())) {
            if (isFromElsewhere(context)) {
                refuse(
                        context,
                        FORBIDDEN,
                        "a page of another site asks, or by another name than this machine's",
                        "headers Host and Origin",
                        "use the service's own page, at the address that it listens on");
            } else {
                identify(context);
            }
        }
    }

    private void identify(Context context) {
        Permission needed = needed(context);
        Optional<Caller> caller = access.caller(context.header("Authorization"), certificates(context));
        if (caller.isPresent()) {
            context.attribute(CALLER, caller.get());
            known(context, caller.get(), needed);
        } else {
            unknown(context, needed);
        }
    }

    /** A known caller has a limit of its own: what others do at its address does not count. */
    private void known(Context context, Caller caller, Permission needed) {
        if (!rates.take(caller)) {
            context.header("Retry-After", "1");
            refuse(context, TOO_MANY, "this caller sends more requests than allowed", LIMIT, "send fewer requests");
        } else if (!caller.role().has(needed)) {
            Refusal refusal = caller.refusal().orElseGet(() -> ofToken(caller, needed));
            refuse(context, FORBIDDEN, refusal.what(), refusal.where(), refusal.action());
        }
    }

    private static Refusal ofToken(Caller caller, Permission needed) {
        boolean ofEngine = caller.role().equals(Role.WRITER);
        return new Refusal(
                ofEngine ? "this token is for " + IcebergRoutes.ROOT + " alone" : "this token is for looking alone",
                "header Authorization",
                needed.equals(Permission.WRITE_CATALOG)
                        ? "use a token of http.writers, or an operator's: http.token, http.operators"
                        : "use an operator's token: http.token, or one of http.operators");
    }

    /** Only those who cannot prove who they are count by address. */
    private void unknown(Context context, Permission needed) {
        boolean isOpen = Role.ANYONE.has(needed);
        if (!rates.take(address(context), isOpen ? 1 : COST_OF_A_WRONG_TOKEN)) {
            context.header("Retry-After", "1");
            refuse(
                    context,
                    TOO_MANY,
                    "this address sends more requests without a valid token than allowed",
                    LIMIT,
                    "send a valid token, or fewer requests");
        } else if (!isOpen) {
            context.header("WWW-Authenticate", "Bearer");
            refuse(
                    context,
                    UNAUTHORIZED,
                    "missing or invalid bearer token",
                    "header Authorization",
                    "send 'Authorization: Bearer' with a token of the configuration, as http.token");
        }
    }

    private Permission needed(Context context) {
        HandlerType method = context.method();
        Optional<String> catalogPath = IcebergRoutes.path(context);
        if (catalogPath.isPresent()) {
            boolean isChange = iceberg.map(rest -> rest.isChange(method.name(), catalogPath.get()))
                    .orElse(!isRead(method));
            return isChange ? Permission.WRITE_CATALOG : Permission.READ_CATALOG;
        }
        if (!isRead(method)) {
            return Permission.OPERATE;
        }
        return open.contains(context.path()) ? Permission.OPEN : Permission.VIEW;
    }

    private static boolean isRead(HandlerType method) {
        return method.equals(HandlerType.GET) || method.equals(HandlerType.HEAD);
    }

    /**
     * Where no token is asked for, any page in a browser of this machine could send requests: of another origin, or,
     * after its own name was made to point here, of its own.
     */
    private boolean isFromElsewhere(Context context) {
        String host = context.header("Host");
        String origin = context.header("Origin");
        if (origin != null && !Objects.equals(authority(origin), host)) {
            return true;
        }
        return access.isOpen()
                && (host == null || !THIS_MACHINE.matcher(withoutPort(host)).matches());
    }

    private static @Nullable String authority(String origin) {
        try {
            return URI.create(origin).getRawAuthority();
        } catch (IllegalArgumentException strange) {
            return null;
        }
    }

    private static String withoutPort(String host) {
        return host.replaceFirst(":\\d+$", "").toLowerCase(Locale.ROOT);
    }

    private static X509Certificate @Nullable [] certificates(Context context) {
        return (X509Certificate[]) context.req().getAttribute(CERTIFICATES);
    }

    /** Who asks, for people. */
    static String who(Context context) {
        Caller caller = context.attribute(CALLER);
        return (caller == null ? "somebody" : caller.name()) + " from " + address(context);
    }

    /** The peer's own; what a header says of it anybody can write. */
    private static String address(Context context) {
        return context.req().getRemoteAddr();
    }

    private static void refuse(Context context, int status, String what, String where, String action) {
        if (!isRead(context.method())) {
            LOG.warn(
                    "refused {} {} of {} with {}: {}",
                    context.method(),
                    Plain.text(context.path()),
                    Plain.text(who(context)),
                    status,
                    what);
        }
        Problem.answer(context, status, "http-" + status, what, where, action);
        context.skipRemainingHandlers();
    }

    private static void headers(Context context) {
        context.header("X-Content-Type-Options", "nosniff");
        context.header("X-Frame-Options", "DENY");
        context.header(
                "Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
                        + " form-action 'none'; base-uri 'none'; frame-ancestors 'none'");
        context.header("Referrer-Policy", "no-referrer");
        context.header("Cross-Origin-Resource-Policy", "same-origin");
        context.header("Cross-Origin-Opener-Policy", "same-origin");
        context.header("Cache-Control", "no-store");
    }
}
