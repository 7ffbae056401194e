/**
 * Work that a person or a schedule asks of a running service and that goes on after the answer: {@link
 * io.firn.deploy.jobs.JobBoard} keeps what is to do, under way and done; {@link io.firn.deploy.jobs.ServiceJobs} knows
 * how compactions and audits are done.
 */
@NullMarked
package io.firn.deploy.jobs;

import org.jspecify.annotations.NullMarked;
