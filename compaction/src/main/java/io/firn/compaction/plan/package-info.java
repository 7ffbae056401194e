/**
 * What tables need. In: a table's head. Out: its {@link io.firn.compaction.plan.TableDebt}, and by
 * {@link io.firn.compaction.plan.NeedsPolicy} which job to run next. Pure decisions; runs nothing.
 */
@NullMarked
package io.firn.compaction.plan;

import org.jspecify.annotations.NullMarked;
