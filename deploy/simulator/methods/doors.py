"""Invite links and who asks to be let in by them, with Telegram's own words where it refuses."""

import secrets

from deploy.simulator import access, membership
from deploy.simulator.state import BOT, PRESENT, Chat, Json, World
from deploy.simulator.wire import Sent, bad

LONGEST_NAME = 32


def create_chat_invite_link(world: World, p: Json, _: Sent) -> Json:
    chat = access.administered(world, p["chat_id"], "not enough rights to manage chat invite link")
    if len(p.get("name", "")) > LONGEST_NAME:
        raise bad("INVITE_TITLE_TOO_LONG")
    asks = bool(p.get("creates_join_request"))
    if asks and p.get("member_limit"):
        raise bad("member limit can't be specified for links requiring administrator approval")
    link = f"https://t.me/+{secrets.token_urlsafe(12)}"
    made: Json = {
        "invite_link": link,
        "creator": BOT,
        "creates_join_request": asks,
        "is_primary": False,
        "is_revoked": False,
    }
    made |= {key: p[key] for key in ("name", "expire_date", "member_limit") if p.get(key)}
    chat.links[link] = made
    world.touch()
    return made


def revoke_chat_invite_link(world: World, p: Json, _: Sent) -> Json:
    chat = access.administered(world, p["chat_id"], "not enough rights to manage chat invite link")
    found = chat.links.get(p["invite_link"])
    if found is None or found["is_revoked"]:
        raise bad("INVITE_HASH_EXPIRED")
    found["is_revoked"] = True
    world.touch()
    return found


def approve_chat_join_request(world: World, p: Json, _: Sent) -> bool:
    chat, user = _asking(world, p)
    membership.set_status(world, chat, user, "member", by=user)
    return True


def decline_chat_join_request(world: World, p: Json, _: Sent) -> bool:
    chat, user = _asking(world, p)
    del chat.asking[user]
    world.touch()
    return True


def _asking(world: World, p: Json) -> tuple[Chat, int]:
    chat = access.administered(world, p["chat_id"], "not enough rights to manage chat join requests")
    user: int = p["user_id"]
    if user not in world.users:
        raise bad("USER_ID_INVALID")
    if chat.members.get(user) in PRESENT:
        raise bad("USER_ALREADY_PARTICIPANT")
    if user not in chat.asking:
        raise bad("HIDE_REQUESTER_MISSING")
    return chat, user
