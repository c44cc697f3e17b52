"""Which updates of the inbox are next: of each chat its oldest, and what only asks is taken together. Statements only.

A claim marks an update done at once: should the work fail, its transaction takes the mark back.
"""

from sqlalchemy import BigInteger, Text, text

# The head of each chat blocks what is behind it, also while it waits for its next try or is being worked on. The
# heads are found by skipping through the partial index, one probe a chat: a plain GROUP BY reads the whole backlog
# at every claim, and a plan made when the inbox was empty took 27 s at 10,000 waiting updates.
CLAIM = text("""
    WITH RECURSIVE heads AS (
        (SELECT chat_id, id FROM inbox WHERE state = 'new' ORDER BY chat_id, id LIMIT 1)
        UNION ALL
        SELECT next.chat_id, next.id FROM heads CROSS JOIN LATERAL (
            SELECT chat_id, id FROM inbox WHERE state = 'new' AND chat_id > heads.chat_id ORDER BY chat_id, id LIMIT 1
        ) AS next
    ), first AS MATERIALIZED (
        SELECT inbox.id, (inbox.body #>> '{message,text}') ~* :reads AS reads
        FROM heads JOIN inbox ON inbox.id = heads.id
        WHERE inbox.state = 'new' AND inbox.next_at <= clock_timestamp()
        ORDER BY inbox.id LIMIT 1 FOR UPDATE OF inbox SKIP LOCKED
    ), more AS MATERIALIZED (
        SELECT inbox.id FROM heads JOIN inbox ON inbox.id = heads.id
        WHERE (SELECT reads FROM first) AND inbox.id <> (SELECT id FROM first)
            AND inbox.state = 'new' AND inbox.next_at <= clock_timestamp()
            AND (inbox.body #>> '{message,text}') ~* :reads
        ORDER BY inbox.id LIMIT :more FOR UPDATE OF inbox SKIP LOCKED
    )
    UPDATE inbox SET state = 'done', done_at = clock_timestamp()
    WHERE id IN (SELECT id FROM first UNION ALL SELECT id FROM more)
    RETURNING id, chat_id, body::text
""").columns(id=BigInteger, chat_id=BigInteger, body=Text)
"""The update that waits longest of those that may be handled now; where it only asks something, `more` at most of
other chats that only ask come along: they lock no order, so none keeps another waiting. reads: what asking looks like.
"""

CLAIM_THIS = text("""
    UPDATE inbox SET state = 'done', done_at = clock_timestamp()
    WHERE id = (
        SELECT id FROM inbox WHERE id = :id AND state = 'new' AND next_at <= clock_timestamp() FOR UPDATE SKIP LOCKED
    )
    RETURNING id, chat_id, body::text
""").columns(id=BigInteger, chat_id=BigInteger, body=Text)
"""This very update, if nobody else has it."""
