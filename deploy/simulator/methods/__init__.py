"""Which method is answered by which function; everything not listed is refused by name."""

from collections.abc import Callable
from typing import Any

from deploy.simulator.methods import chats, doors, editing, profile, sending, stored
from deploy.simulator.state import Json, World
from deploy.simulator.wire import Sent

Answer = Callable[[World, Json, Sent], Any]

ANSWERS: dict[str, Answer] = {
    "getme": profile.get_me,
    "sendmessage": sending.send_message,
    "sendphoto": sending.send_photo,
    "senddocument": sending.send_document,
    "sendchataction": sending.send_chat_action,
    "editmessagetext": editing.edit_message_text,
    "editmessagecaption": editing.edit_message_caption,
    "editmessagereplymarkup": editing.edit_message_reply_markup,
    "deletemessage": editing.delete_message,
    "deletemessages": editing.delete_messages,
    "setmessagereaction": editing.set_message_reaction,
    "answercallbackquery": editing.answer_callback_query,
    "getfile": stored.get_file,
    "getchat": chats.get_chat,
    "getchatmember": chats.get_chat_member,
    "getchatadministrators": chats.get_chat_administrators,
    "getchatmembercount": chats.get_chat_member_count,
    "leavechat": chats.leave_chat,
    "banchatmember": chats.ban_chat_member,
    "unbanchatmember": chats.unban_chat_member,
    "createchatinvitelink": doors.create_chat_invite_link,
    "revokechatinvitelink": doors.revoke_chat_invite_link,
    "approvechatjoinrequest": doors.approve_chat_join_request,
    "declinechatjoinrequest": doors.decline_chat_join_request,
    "pinchatmessage": chats.pin_chat_message,
    "unpinchatmessage": chats.unpin_chat_message,
    "createforumtopic": chats.create_forum_topic,
    "setmycommands": profile.set_my_commands,
    "getmycommands": profile.get_my_commands,
    "deletemycommands": profile.delete_my_commands,
    "setmydescription": profile.set_text("description", 512),
    "getmydescription": profile.get_text("description"),
    "setmyshortdescription": profile.set_text("short_description", 120),
    "getmyshortdescription": profile.get_text("short_description"),
}
