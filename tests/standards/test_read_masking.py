from bus.standards.masking import mask_address, mask_name, mask_number, mask_phone


def test_a_name_keeps_its_surname() -> None:
    assert [mask_name(n) for n in ("张三", "欧阳修文", "阿卜杜拉·买买提", "陈")] == ["张*", "欧阳**", "阿卜杜拉·***", "陈*"]


def test_a_number_keeps_its_ends_and_hides_the_birth_date() -> None:
    assert mask_number("370102199001010029") == "3701**********0029"
    assert mask_number("E12345678") == "*******78"


def test_a_phone_keeps_its_ends() -> None:
    assert mask_phone("13800138000") == "138****8000"
    assert mask_phone("0543-5550888") == mask_phone("0543-5550888-801") == "0543****888"
    assert mask_phone("12345") == "*****"


def test_an_address_is_shown_to_the_compound() -> None:
    assert mask_address("东澜区云溪街道青年路阳光花园3号楼2单元401") == "东澜区云溪街道青年路阳光花园***"
    assert mask_address("阳光花园3-2-401") == "阳光花园***"
