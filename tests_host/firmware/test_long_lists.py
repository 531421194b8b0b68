"""Lists that are longer than memory: they are streamed, and what is in them can be deleted."""

from tools.params import nvs


def test_more_files_than_the_heap_has_room_for_names(simulate):
    simulator = simulate(bits=32, options=("--heap", "64k"))
    names = [f"{n:03}-{'x' * 100}" for n in range(280)]
    with simulator.module(timeout_s=60) as module:
        module.echo_off()
        for name in names:
            module.prompt(f'AT+FS=0,1,"{name}",0,1')
            module.write(b"x")
            assert module.finish().ok
        assert module.ok('AT+FS=0,4,"."') == [f"+FS:{name}" for name in names]
        for name in names[::40]:
            module.ok(f'AT+FS=0,0,"{name}"')
        assert len(module.ok('AT+FS=0,4,"."')) == 273


def test_more_manufacturing_data_than_the_heap_has_room_for(simulate):
    simulator = simulate(bits=32, options=("--heap", "64k"))
    content = {f"key {n:04}": nvs.Value("u8", n % 256) for n in range(3000)}
    image = nvs.write({"many": content}, 0x1C000)
    with simulator.module(timeout_s=60) as module:
        module.echo_off()
        module.ok('AT+SYSFLASH=0,"mfg_nvs"')
        module.prompt(f'AT+SYSFLASH=1,"mfg_nvs",0,{len(image)}')
        module.write(image)
        assert module.finish(timeout_s=60).ok
        listed = module.ok('AT+SYSMFG=1,"many"')
        assert listed == [f'+SYSMFG:"many","key {n:04}",1' for n in range(3000)]
        module.ok('AT+SYSMFG=0,"many","key 2999"')
        assert len(module.ok('AT+SYSMFG=1,"many"')) == 2999
