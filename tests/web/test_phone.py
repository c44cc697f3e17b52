"""Master data on a phone: rows become cards whose values are named, and a form that was asked for comes first."""

import re

from tests.web.conftest import Office


async def test_every_value_of_a_card_is_named_and_the_form_of_a_step_stands_before_the_list(office: Office) -> None:
    admin = await office.visitor(office.here.admin)
    page = (await admin.get("/pemberitahuan/silent")).text
    [table] = re.findall(r'aria-labelledby="tingkat-j"><table class="tbl cards list">(.*?)</table>', page, re.DOTALL)
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)<', table)
    rows = re.findall(r"<tr[^>]*><th scope=\"row\">.*?</tr>", table, re.DOTALL)
    assert {tuple(re.findall(r'data-word="([^"]*)"', row)) for row in rows} == {tuple(heads[1:])}
    assert page.index('id="tangga-j"') < page.index("<table")
