/**
 * Backfills of a service: {@link io.firn.deploy.backfill.BackfillDesk} takes requests and shows what becomes of them,
 * {@link io.firn.deploy.backfill.BackfillLoop} works on those that its pipelines' tables know of.
 */
@NullMarked
package io.firn.deploy.backfill;

import org.jspecify.annotations.NullMarked;
