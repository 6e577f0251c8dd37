foreach(name bytes ids mp event marks message identity names golden_event)
  attend_test(proto_${name} attend-proto)
endforeach()
attend_test(proto_golden_message attend-proto PkgConfig::JANSSON)
