package io.firn.ingest.rig;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import javax.management.JMException;
import javax.management.ObjectName;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.requests.ConsumerGroupHeartbeatRequest;
import org.apache.kafka.common.requests.RequestHeader;

/** The members of a group, as the broker and their clients see them. */
public final class GroupMembers {
    private static final short VERSION = 1;
    private static final int LEAVES = -1;

    private final EmbeddedBroker broker;
    private final String group;

    public GroupMembers(EmbeddedBroker broker, String group) {
        this.broker = broker;
        this.group = group;
    }

    public Collection<MemberDescription> all() {
        return described().members();
    }

    public boolean isClassic() {
        return described().type() == GroupType.CLASSIC;
    }

    private ConsumerGroupDescription described() {
        try (Admin admin = broker.admin()) {
            return Objects.requireNonNull(admin.describeConsumerGroups(List.of(group))
                            .describedGroups()
                            .get(group))
                    .get();
        } catch (InterruptedException | ExecutionException failure) {
            throw new AssertionError("cannot describe group " + group, failure);
        }
    }

    /** The broker forgets all members of a group of the classic protocol. */
    public void expelAll() {
        try (Admin admin = broker.admin()) {
            admin.removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions())
                    .all()
                    .get();
        } catch (InterruptedException | ExecutionException failure) {
            throw new AssertionError("cannot empty group " + group, failure);
        }
    }

    /** The broker forgets the member of a group of the consumer protocol, as after a session timeout; the client learns it from its next heartbeat. */
    public void expel(String memberId) {
        ConsumerGroupHeartbeatRequestData leaving = new ConsumerGroupHeartbeatRequestData()
                .setGroupId(group)
                .setMemberId(memberId)
                .setMemberEpoch(LEAVES);
        ByteBuffer request = new ConsumerGroupHeartbeatRequest.Builder(leaving)
                .build(VERSION)
                .serializeWithHeader(new RequestHeader(ApiKeys.CONSUMER_GROUP_HEARTBEAT, VERSION, "expel", 1));
        byte[] bytes = new byte[request.remaining()];
        request.get(bytes);
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), broker.port())) {
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.writeInt(bytes.length);
            out.write(bytes);
            out.flush();
            DataInputStream in = new DataInputStream(socket.getInputStream());
            in.readFully(new byte[in.readInt()]);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Assignments and losses that the client's background has ready for its owner, who has not polled since. */
    public static int waitingRebalances(String clientId) {
        try {
            Object size = ManagementFactory.getPlatformMBeanServer()
                    .getAttribute(
                            new ObjectName("kafka.consumer:type=consumer-metrics,client-id=" + clientId),
                            "background-event-queue-size");
            return ((Number) size).intValue();
        } catch (JMException failure) {
            throw new AssertionError("no such client: " + clientId, failure);
        }
    }
}
